"""Options that several commands have; nothing is imported for them but click, so that `--help` answers at once."""

from pathlib import Path

import click

DATA = click.option("--data", type=click.Path(path_type=Path, readable=False), required=True, help="thư mục dữ liệu")
HOST = click.option(
    "--host", envvar="KYCUONG_HOST", default="127.0.0.1", show_default=True, help="địa chỉ lắng nghe (where to listen)"
)
PORT = click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)

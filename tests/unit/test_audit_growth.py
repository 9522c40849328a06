"""The chart of the log's size: steps, never a slope that was not there, and the same in figures."""

from datetime import UTC, datetime, timedelta

from services.audit.growth import HEIGHT, LEFT, RIGHT, ROWS, TOP, WIDTH, chart, thinned

START = datetime(2026, 9, 1, tzinfo=UTC)


def at(day: float, size: int) -> tuple[datetime, int]:
    return START + timedelta(days=day), size


def test_a_step_stands_where_the_checkpoint_was_signed() -> None:
    made = chart([at(0, 0), at(9, 50), at(10, 100)])
    assert made is not None
    width = WIDTH - LEFT - RIGHT
    middle, right = LEFT + 0.9 * width, WIDTH - RIGHT
    half, top = (made.floor + TOP) / 2, TOP
    assert made.line == f"M{LEFT}.0 {made.floor}.0H{middle:.1f}V{half:.1f}H{right}.0V{top}.0"
    assert made.area.startswith(made.line) and made.area.endswith(f"V{made.floor}H{LEFT}Z")
    assert made.floor < HEIGHT


def test_nothing_to_draw_before_the_log_has_grown() -> None:
    assert chart([]) is None
    assert chart([at(0, 5)]) is None
    assert chart([at(0, 0), at(1, 0)]) is None


def test_checkpoints_of_one_moment_or_a_clock_set_back_stay_inside_the_frame() -> None:
    for points in ([at(0, 1), at(0, 2)], [at(1, 1), at(0, 2), at(2, 3)]):
        made = chart(points)
        assert made is not None
        assert all(LEFT <= float(step.split("V")[0]) <= WIDTH - RIGHT for step in made.line.split("H")[1:])


def test_the_figures_are_few_and_begin_with_the_newest() -> None:
    points = [at(day, 10 * day) for day in range(200)]
    rows = thinned(points, ROWS)
    assert (len(rows), rows[0], rows[-1]) == (ROWS, points[-1], points[0])
    assert list(rows) == sorted(rows, reverse=True)
    assert thinned(points[:3], ROWS) == (points[2], points[1], points[0])

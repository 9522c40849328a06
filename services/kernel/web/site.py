"""Where people reach this site, as papers and codes name it."""

from fastapi import Request

from services.kernel.problems import BrokenRequest

_LONGEST = len("https://:65535") + 253  # of a name and a port (RFC 1035 2.3.4); a longer one fits into no code


def site_asked(request: Request) -> str:
    """The address that a request came to, with a slash; BrokenRequest when no name is as long as its Host."""
    if len(request.base_url.netloc) > _LONGEST:
        raise BrokenRequest
    return str(request.base_url)

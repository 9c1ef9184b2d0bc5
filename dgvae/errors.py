"""The one kind of error that is meant for the user's eyes."""

from __future__ import annotations

import errno

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # of an OSError, where free space helps


class UserError(Exception):
    """Something the user can mend; the message is one sentence that says what to do.

    The commands print it and exit with status 2, the app shows it; neither prints a traceback.
    """

"""One line for each call of a library: what was asked, and whether it came out as expected. A script ends with a status
that says whether all did."""

import contextlib
import io
import os
import sys

API = os.environ["CLIENTS_API"]
KEY = os.environ["CLIENTS_KEY"]
ORGANIZATION = os.environ["CLIENTS_ORGANIZATION"]
SITE = os.environ["CLIENTS_SITE"]
USER = os.environ["CLIENTS_USER"]
TOKEN = os.environ["CLIENTS_TOKEN"]
DIRECTORY = os.environ["CLIENTS_DIRECTORY"]
SCIM_KEY = os.environ["CLIENTS_SCIM_KEY"]


class Calls:
    """The calls of one library."""

    def __init__(self, library):
        self.library = library
        self.failed = 0

    def tell(self, what, error):
        self.failed += error is not None
        print(
            f"{'ok    ' if error is None else 'FAILED'} {self.library}: {what}{'' if error is None else f': {error}'}"
        )

    def __call__(self, what, call, holds=lambda answer: True):
        """Calls, tells whether the answer is as it must be, and gives it back; nothing when the call failed."""
        try:
            # What a library prints on its way is no line of ours.
            with contextlib.redirect_stdout(io.StringIO()):
                answer = call()
            wrong = None if holds(answer) else f"answered {str(answer)[:300]}"
        # A library may raise anything, and ends programs itself: the next call is to be made all the same.
        except (Exception, SystemExit) as error:
            answer, wrong = None, f"{type(error).__name__}: {str(error)[:300]}"
        self.tell(what, wrong)
        return answer

    def refused(self, what, status, call):
        """Calls what must be refused with this status, which the library raises with its answer."""
        try:
            answer = call()
        except Exception as error:
            told = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
            self.tell(what, None if told == status else f"{told} instead of {status}: {str(error)[:300]}")
        else:
            self.tell(what, f"not refused: {str(answer)[:300]}")

    def end(self):
        sys.exit(1 if self.failed else 0)

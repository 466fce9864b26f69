"""What a refusal says."""

import pytest


def said(error, act):
    """The text of the error of this kind that `act` raises."""
    with pytest.raises(error) as caught:
        act()
    return str(caught.value)

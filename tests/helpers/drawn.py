"""What the panels of a drawing say of themselves."""


def without_n(drawing) -> list[str]:
    """The letters of the panels that do not tell how many runs they show."""
    return [ax.get_title("left") for ax in drawing.axes if ax.get_title("left") and "n = " not in ax.get_title("right")]

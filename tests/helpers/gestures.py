"""Recordings of gestures, written as they are published."""

import numpy as np


def save_gesture(folder, split, recording, label, x, y, p, t):
    """A gesture as tonic's archives hold it; times in microseconds."""
    place = folder / f"ibmGesture{split}" / recording
    place.mkdir(parents=True, exist_ok=True)
    np.save(place / f"{label}.npy", np.column_stack([x, y, p, t / 1000]))

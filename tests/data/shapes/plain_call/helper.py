"""Helper with a docstring."""
import math

def segment(image, t=0.5):
    """Segment."""
    return image, t

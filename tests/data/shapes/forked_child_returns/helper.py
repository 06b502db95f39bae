def segment(i, t=0.5):
    return t

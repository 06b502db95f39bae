def segment(i, t=0.5, *more, **options):
    return i, t, more, options

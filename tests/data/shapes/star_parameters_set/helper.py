def segment(*more, **options):
    return more, options

try:
    from a_library_nobody_has import segment
except ImportError:
    def segment(t=0.5):
        return t

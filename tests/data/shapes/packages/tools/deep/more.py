from .. import filters

class Sharp:
    def go(self, t=0.3):
        return t

class Model:
    def __init__(self, depth=2):
        self.depth = depth

    def fit(self, x, alpha=0.5):
        return self.depth, x, alpha

    def __call__(self, y):
        return self.depth, y

    @classmethod
    def make(cls, depth=1):
        return cls(depth)

    @staticmethod
    def check(t=0.1):
        return t

class Deep(Model):
    def __init__(self):
        super().__init__(2)

    def fit(self, x, alpha=0.25):
        return super().fit(x, alpha)

class Outer:
    class Inner:
        def work(self, t=0.1):
            return t

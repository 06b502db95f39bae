import enum

class Meta(type):
    def __hash__(cls):
        raise RuntimeError("hash of the class")

class Touchy(metaclass=Meta):
    def __getattr__(self, name):
        raise RuntimeError("touched " + name)

    __repr__ = __str__ = __eq__ = __hash__ = __len__ = __bool__ = __array__ = __getattr__

class Color(enum.Enum):
    RED = 1
    BLUE = 2

def segment(value, t=0.5):
    return t

from dataclasses import dataclass

@dataclass
class Box:
    a: int = 2

    def __post_init__(self):
        self.b = 3

    @property
    def area(self):
        return self.a * self.b

class Secret:
    __slots__ = ("kept",)

    def use(self, __t=1):
        self.kept = __t
        return self.kept

class Single:
    def __new__(cls, t=2):
        made = super().__new__(cls)
        made.t = t
        return made

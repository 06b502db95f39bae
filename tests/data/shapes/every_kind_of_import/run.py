import importlib
import sys

import helper as h
from helper import *
from helper import segment as s

def run():
    from helper import segment as inner
    found = importlib.import_module("helper")
    return {"t": str([h.segment(1), segment(2), s(3), inner(4), sys.modules["helper"].segment(5)])}

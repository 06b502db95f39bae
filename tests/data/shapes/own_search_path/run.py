import importlib.util
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "lib"))
import helper

def run():
    spec = importlib.util.spec_from_file_location("other", os.path.join(here, "lib", "other.py"))
    other = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(other)
    return {"t": str([helper.segment(), other.work()])}

import tools
from loose.part import part
from tools import smooth
from tools.deep.more import Sharp

def run():
    return {"t": str([tools.first(), smooth(), Sharp().go(), part()])}

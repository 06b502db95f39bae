import latin
import marked
import windows

def run():
    return {"t": str([latin.größe(), windows.segment(), marked.f()])}

import os
import subprocess
import sys

import helper

def run():
    folder = os.path.dirname(os.path.abspath(helper.__file__))
    code = f"import sys; sys.path.insert(0, {folder!r}); import helper; print(helper.segment(1), __debug__)"
    own = os.path.join(os.getcwd(), "site")
    os.makedirs(own, exist_ok=True)
    with open(os.path.join(own, "sitecustomize.py"), "w") as stream:
        stream.write("import os\n")
    said = []
    for arguments, environment in (
        (["-c", code], {}),
        (["-I", "-c", code], {}),
        (["-O", "-c", code], {}),
        (["-OO", "-c", code], {}),
        (["-c", code], {"PYTHONPATH": own}),
        (["-S", "-E", "-c", code], {"PYTHONPATH": own}),
        (["-m", "helper"], {}),
    ):
        cwd = folder if arguments[0] == "-m" else "/"
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, cwd=cwd)
        said.append((done.stdout + done.stderr).strip().splitlines())
    return {"said": str(said)}

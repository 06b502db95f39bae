import base64
import subprocess
import sys

import cloudpickle

import helper

def run():
    cloudpickle.register_pickle_by_value(helper)
    text = base64.b64encode(cloudpickle.dumps(helper.segment)).decode()
    code = "import base64, sys, cloudpickle; "
    code += "print(cloudpickle.loads(base64.b64decode(sys.argv[1]))(1))"
    done = subprocess.run([sys.executable, "-I", "-c", code, text], capture_output=True, text=True, cwd="/", env={})
    return {"said": (done.stdout + done.stderr).strip()}

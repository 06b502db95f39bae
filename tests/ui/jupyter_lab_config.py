"""Configuration of the JupyterLab under test. Jupyter runs this file; ``get_config`` is its own."""

c = get_config()  # noqa: F821
c.LabApp.news_url = None
# Gives tests `window.jupyterapp`.
c.LabApp.expose_app_in_browser = True
c.LabApp.extension_manager = "readonly"

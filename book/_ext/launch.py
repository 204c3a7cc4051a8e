"""Show the launch buttons only where they lead somewhere.

Before `make repository` has written the address into _config.yml, no page
may name it. Afterwards the pages have the tag `launch`: in them, the
directive `only` shows what the text says of the buttons.
"""


def show_what_works(app, config):
    """Leave out what would lead to the placeholder."""
    options = config.html_theme_options
    if "YOUR_ACCOUNT" in options["repository_url"]:
        options |= {"repository_url": "", "launch_buttons": {}}
    else:
        app.tags.add("launch")


def setup(app):
    app.connect("config-inited", show_what_works)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

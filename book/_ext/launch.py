"""Offer the launch buttons that work where the repository lies.

Colab opens notebooks from GitHub alone, and the theme writes the addresses of
Binder for GitHub and GitLab. Elsewhere the theme would warn, or write an
address that leads nowhere; so the button is left out.
"""

from urllib.parse import urlsplit


def keep_what_works(app, config):
    """Leave out the buttons that cannot work with the repository's host."""
    options = config.html_theme_options
    host = urlsplit(options.get("repository_url", "")).netloc
    buttons = options.get("launch_buttons", {})
    if host != "github.com":
        buttons["colab_url"] = ""
        # The theme asks for a provider, whatever the host.
        options["repository_provider"] = "gitlab"
    if host not in {"github.com", "gitlab.com"}:
        buttons["binderhub_url"] = ""


def setup(app):
    app.connect("config-inited", keep_what_works)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""What only the book needs: problems with exact answers, and figures.

- :mod:`mdn_book.problems`: toy problems with their exact answers,
- :mod:`mdn_book.plots`: the style of the figures, and those that chapters share,
- :mod:`mdn_book.interactive`: the figures with sliders.

What a reader takes into their own project is in :mod:`mdn_utils`.
"""

"""Text for rubber stamps and letterpress."""

"""Parts of tools/campaign."""

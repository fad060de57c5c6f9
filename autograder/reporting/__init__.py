"""The class report: how a class did, in one page for those who teach it."""

"""What runs inside the outer wall: the warm process, each submission's init and main process, the held children.

Nothing here is trusted with a mark: from the moment that a student's first cell has run, its process belongs to the
student. Nothing here imports the trusted side, and a submission's file system does not show this folder.
"""

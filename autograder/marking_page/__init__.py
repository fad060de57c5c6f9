"""`gradus mark`: one page on this machine on which a person marks the written answers of a class by keyboard."""

"""What a release is made of: the bill of materials, and the audit of what is in it. See CONTRIBUTING.md."""

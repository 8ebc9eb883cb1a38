"""What every dialect needs to make a Responses request: reading, names, schemas, pairing, images."""

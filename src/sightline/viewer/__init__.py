"""A page to look around in a panorama and at its people's gaze, with Pannellum (MIT) in it."""

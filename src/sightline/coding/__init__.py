"""From gaze samples of a film to behavioural events, and to the files that annotators use."""

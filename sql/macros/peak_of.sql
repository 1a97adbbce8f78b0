-- Which token of an excerpt is its peak: the place, from 1, of the first of its largest activations.
create macro peak_of(activations) as list_position(activations, list_max(activations));

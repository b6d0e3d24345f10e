"""Who owns the robots: countries, habits and traits of households, drawn from the seed."""

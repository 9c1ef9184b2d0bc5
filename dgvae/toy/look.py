"""How the toy is drawn, by dgvae.toy.picture and by the page alike. Imports no torch."""

import math

REACH = 4.0  # of a picture of the plane, from the middle to each side
CIRCLE_REACH = 1.7
RING = (1.0, 1.5)  # where the density on the circle is drawn, in radii
MOST_DENSITY = 1 / math.pi  # at which the color is full: twice the prior's at 0

/* Tables of numbers as images: a coloured square each. */
#ifndef CLN_REPORT_IMAGE_H
#define CLN_REPORT_IMAGE_H

#include "report/gnuplot.h"

/* Names values (height,width) for the plots of a script; index tells them apart. */
void cln_image_values(cln_script *script, size_t index, const double *values, uint32_t height, uint32_t width);
/* An element of a plot: that image with its first corner at (x,y), each value `across` wide and `down` high. */
void cln_image_plot(cln_script *script, size_t index, uint32_t height, uint32_t width, double x, double y,
                    double across, double down);

#endif

/** The steps that several handlers take with one image, and the slices of work of a Region. */
@NullMarked
package dev.amikeeper.lifecycle;

import org.jspecify.annotations.NullMarked;

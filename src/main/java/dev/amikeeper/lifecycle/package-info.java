/** The steps that several handlers take with one image, and the slices of a Region's work. */
@NullMarked
package dev.amikeeper.lifecycle;

import org.jspecify.annotations.NullMarked;

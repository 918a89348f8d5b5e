/** Compares the catalogue with EC2 and closes every gap. */
@NullMarked
package dev.amikeeper.sweep;

import org.jspecify.annotations.NullMarked;

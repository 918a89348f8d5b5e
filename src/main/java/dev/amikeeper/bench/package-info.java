/** Measures what a night of a fleet costs in calls, time and money; never deployed. */
@NullMarked
package dev.amikeeper.bench;

import org.jspecify.annotations.NullMarked;

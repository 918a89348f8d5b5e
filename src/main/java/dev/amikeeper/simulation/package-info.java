/** Plays that nobody wrote: random histories with faults, judged by what the cloud has left. */
@NullMarked
package dev.amikeeper.simulation;

import org.jspecify.annotations.NullMarked;

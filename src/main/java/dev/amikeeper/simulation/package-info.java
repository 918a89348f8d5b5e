/** Random histories with faults, played and judged by what they leave in the cloud. */
@NullMarked
package dev.amikeeper.simulation;

import org.jspecify.annotations.NullMarked;

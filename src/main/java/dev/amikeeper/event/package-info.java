/** The events and kicks that functions are called with. */
@NullMarked
package dev.amikeeper.event;

import org.jspecify.annotations.NullMarked;

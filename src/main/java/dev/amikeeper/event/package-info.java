/** The events and kicks with which functions are called. */
@NullMarked
package dev.amikeeper.event;

import org.jspecify.annotations.NullMarked;

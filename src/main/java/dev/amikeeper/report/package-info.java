/** The reports that people look at. */
@NullMarked
package dev.amikeeper.report;

import org.jspecify.annotations.NullMarked;

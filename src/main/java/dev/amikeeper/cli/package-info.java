/** The command line, {@code keeper}. It is never part of the Lambda bundle. */
@NullMarked
package dev.amikeeper.cli;

import org.jspecify.annotations.NullMarked;

/** The command line: {@code keeper}. Never in the Lambda bundle. */
@NullMarked
package dev.amikeeper.cli;

import org.jspecify.annotations.NullMarked;

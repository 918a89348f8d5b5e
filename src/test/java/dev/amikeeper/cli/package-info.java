@NullMarked
package dev.amikeeper.cli;

import org.jspecify.annotations.NullMarked;

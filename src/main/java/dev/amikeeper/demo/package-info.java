/**
 * The demo: its fleet, its story, and the loss of the home Region. Not part of the Lambda bundle.
 */
@NullMarked
package dev.amikeeper.demo;

import org.jspecify.annotations.NullMarked;

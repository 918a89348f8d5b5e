/**
 * The demo: its fleet, its story, and what is left when the home Region is lost. Never in the
 * Lambda bundle.
 */
@NullMarked
package dev.amikeeper.demo;

import org.jspecify.annotations.NullMarked;

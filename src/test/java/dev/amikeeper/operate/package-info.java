@org.jspecify.annotations.NullMarked
package dev.amikeeper.operate;

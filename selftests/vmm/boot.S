/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * boot.S - the boot sector of the disk that a guest's firmware boots from
 *
 * The firmware's own driver does all that is asked of the disk (INT 13h):
 *
 *	sector 16384	its first 32 bits count who has booted
 *	first 4 MiB	are copied to the next 4 MiB
 *
 * Tells on the serial port what guest-init would, and then reads for ever.
 */
#define COM1		0x3f8
#define SECTORS		64		/* at once */
#define COPIED		8192		/* sectors: 4 MiB */
#define COUNT_AT	16384
#define BUFFER_SEG	0x1000

	.code16
	.globl start
start:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$0x7c00, %sp
	movw	$BUFFER_SEG, %ax
	movw	%ax, %es
	sti
	movb	%dl, drive
	movw	$up, %si
	call	say

	movl	$COUNT_AT, lba
	movw	$1, sectors
	call	read
	incl	%es:0
	call	write

	movw	$SECTORS, sectors
	movl	$0, lba
copy:
	call	read
	addl	$COPIED, lba
	call	write
	subl	$COPIED - SECTORS, lba
	cmpl	$COPIED, lba
	jb	copy
	movw	$copied, %si
	call	say

hold:
	call	read
	addl	$SECTORS, lba
	andl	$COPIED - 1, lba
	jmp	hold

read:
	movb	$0x42, %ah
	jmp	disk
write:
	movb	$0x43, %ah
disk:
	xorb	%al, %al
	movb	drive, %dl
	movw	$packet, %si
	int	$0x13
	jc	failed
	ret

failed:
	movw	$broken, %si
	call	say
stop:
	hlt
	jmp	stop

/* say: the text at %si, to its 0 */
say:
	lodsb
	testb	%al, %al
	jz	1f
	movw	$COM1, %dx
	outb	%al, %dx
	jmp	say
1:
	ret

up:	.asciz	"guest: up firmware\r\n"
copied:	.asciz	"guest: copied\r\n"
broken:	.asciz	"guest: failed: the disk\r\n"
drive:	.byte	0

/* INT 13h's disk address packet */
	.balign	4
packet:
	.byte	16, 0
sectors:
	.word	0
	.word	0, BUFFER_SEG
lba:
	.long	0, 0

	.org	510
	.word	0xaa55
